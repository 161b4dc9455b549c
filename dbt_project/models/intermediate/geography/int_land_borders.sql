-- Land borders (contiguity class 1), one row per ordered pair of states and year in which they share one for any part of the year.
select cow_code, neighbour_code, year
from {{ ref('stg_cow__direct_contiguity') }}
where contiguity_class = 1
