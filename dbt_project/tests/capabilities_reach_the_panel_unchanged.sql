{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
select
    panel.cow_code,
    panel.year
from {{ ref('country_years') }} as panel
inner join {{ source('raw', 'national_capabilities') }} as published
    on panel.cow_code = cast(published.ccode as integer) and panel.year = cast(published.year as integer)
where
    panel.military_expenditure_thousands is distinct from nullif(cast(published.milex as double), -9)
    or panel.military_personnel_thousands is distinct from nullif(cast(published.milper as double), -9)
    or panel.iron_steel_thousand_tons is distinct from nullif(cast(published.irst as double), -9)
    or panel.energy_thousand_coal_tons is distinct from nullif(cast(published.pec as double), -9)
    or panel.total_population_thousands is distinct from nullif(cast(published.tpop as double), -9)
    or panel.urban_population_thousands is distinct from nullif(cast(published.upop as double), -9)
    or panel.cinc is distinct from nullif(cast(published.cinc as double), -9)
