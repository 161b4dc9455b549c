"""What runs without being asked: the schedule, the sensors, and the alerts when something went wrong."""
