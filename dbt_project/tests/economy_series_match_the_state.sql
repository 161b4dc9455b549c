-- A row here is a mapped Maddison series whose population is not the state's: over the years of the mapping the median of its ratio to
-- National Material Capabilities leaves 0.7 to 1.35, our bounds for a territory near enough. Germany for West Germany is at 1.27,
-- Serbia for what remained of Yugoslavia at 0.75.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'int_economy'}}}) }}
select mapping.label, mapping.cow_code, mapping.first_year, median(economy.population_maddison / nmc.total_population_thousands) as ratio
from {{ ref('country_mappings_maddison') }} as mapping
inner join {{ ref('int_economy') }} as economy
    on mapping.cow_code = economy.cow_code and economy.year between mapping.first_year and mapping.last_year
inner join {{ ref('stg_cow__national_capabilities') }} as nmc
    on economy.cow_code = nmc.cow_code and economy.year = nmc.year
where nmc.total_population_thousands > 0
group by mapping.label, mapping.cow_code, mapping.first_year
having not ratio between 0.7 and 1.35
