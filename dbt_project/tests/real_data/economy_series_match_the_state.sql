{{ config(meta={'dagster': {'ref': {'name': 'int_economy'}}}) }}
{%- set lowest_ratio = 0.7 %}
{%- set highest_ratio = 1.35 %}
select
    mapping.label,
    mapping.cow_code,
    mapping.first_year,
    median(economy.population_maddison / capabilities.total_population_thousands) as ratio
from {{ ref('country_mappings_maddison') }} as mapping
inner join {{ ref('int_economy') }} as economy
    on mapping.cow_code = economy.cow_code and economy.year between mapping.first_year and mapping.last_year
inner join {{ ref('stg_cow__national_capabilities') }} as capabilities
    on economy.cow_code = capabilities.cow_code and economy.year = capabilities.year
where capabilities.total_population_thousands > 0
group by mapping.label, mapping.cow_code, mapping.first_year
having not ratio between {{ lowest_ratio }} and {{ highest_ratio }}
