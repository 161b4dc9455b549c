{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
{%- set lowest_ratio = 0.7 %}
{%- set highest_ratio = 1.45 %}
{%- set years_known_to = 2016 %}
with panel as (
    select
        cow_code,
        year,
        total_population_thousands as population
    from {{ ref('country_years') }}
),

jumps as (
    select
        panel.cow_code,
        panel.year,
        panel.population / before.population as ratio
    from panel
    inner join panel as before
        on panel.cow_code = before.cow_code and panel.year = before.year + 1
    where
        before.population > 0
        and not panel.population / before.population between {{ lowest_ratio }} and {{ highest_ratio }}
)

select
    coalesce(jumps.cow_code, known.cow_code) as cow_code,
    coalesce(jumps.year, known.year) as year,
    jumps.ratio,
    known.reason
from jumps
full join {{ ref('known_population_jumps') }} as known
    on jumps.cow_code = known.cow_code and jumps.year = known.year
where known.reason is null or (jumps.ratio is null and known.year <= {{ years_known_to }})
