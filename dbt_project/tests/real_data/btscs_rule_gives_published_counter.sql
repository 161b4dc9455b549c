{{ config(meta={'dagster': {'ref': {'name': 'published_measures', 'version': 1}}}) }}
with counted as (
    {{ btscs_years(ref('stg_allen_digiuseppe__state_years'), 'forms_alliance') }}
)

select
    counted.cow_code,
    counted.year,
    counted.years_since_event,
    published.years_since_formation
from counted
inner join {{ ref('stg_allen_digiuseppe__state_years') }} as published
    on counted.cow_code = published.cow_code and counted.year = published.year
where counted.years_since_event is distinct from published.years_since_formation
