{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
with entered as (
    select count(distinct row(cow_code, atop_id, entry_year)) as treaties
    from {{ ref('alliance_entries') }}
    where is_new
),

counted as (
    select sum(new_any_alliances) as treaties
    from {{ ref('country_years') }}
)

select
    entered.treaties as entered,
    counted.treaties as counted
from entered
cross join counted
where entered.treaties is distinct from counted.treaties
