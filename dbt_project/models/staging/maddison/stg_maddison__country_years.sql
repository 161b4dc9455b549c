-- Maddison Project 2023, one row per country code and year.
select
    "ISO" as label,
    {{ to_integer('year') }} as year,
    {{ to_double('gdppc', missing_codes('maddison')) }} as gdp_per_capita,
    {{ to_double('pop') }} as population_thousands
from {{ source('raw', 'maddison') }}
