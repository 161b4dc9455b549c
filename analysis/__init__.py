"""Pure statistics: data frames in, tidy data frames out. No Dagster, no dbt, no database connection."""
