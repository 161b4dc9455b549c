-- How much of the panel is observed: one row per column of country_years, decade and region, and one per column and
-- decade for all regions together.
with counted as (
    select
        cast(year - year % 10 as integer) as decade,
        coalesce(region, 'All') as region,
        count(*) as state_years,
        count(columns(* exclude (cow_code, year, state_abbreviation, state_name, region))) as "\0"
    from {{ ref('country_years') }}
    group by grouping sets ((year - year % 10), (year - year % 10, region))
)

select
    variable,
    decade,
    region,
    cast(state_years as integer) as state_years,
    cast(non_null as integer) as non_null,
    non_null / state_years as share
from (unpivot counted on columns(* exclude (decade, region, state_years)) into name variable value non_null)
order by variable, decade, region
