{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
{%- set min_kappa = 0.86 %}
with pairs as (
    select
        cast(panel.forms_military_alliance as integer) as ours,
        cast(published.forms_alliance as integer) as theirs
    from {{ ref('country_years') }} as panel
    inner join {{ ref('stg_allen_digiuseppe__state_years') }} as published
        on panel.cow_code = published.cow_code and panel.year = published.year
    where panel.forms_military_alliance is not null and published.forms_alliance is not null
),

shares as (
    select
        avg(cast(ours = theirs as integer)) as observed,
        avg(ours) * avg(theirs) + (1 - avg(ours)) * (1 - avg(theirs)) as by_chance
    from pairs
)

select (observed - by_chance) / (1 - by_chance) as kappa
from shares
where coalesce((observed - by_chance) / (1 - by_chance), 0) < {{ min_kappa }}
