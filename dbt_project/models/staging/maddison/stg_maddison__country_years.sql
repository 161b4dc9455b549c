-- Maddison Project, one row per country code and year. The code is the column ISO in the edition of 2023, countrycode
-- in that of 2020.
select
    columns('^(ISO|countrycode)$') as label,
    {{ to_integer('year') }} as year,
    {{ to_double('gdppc', missing_codes('maddison', 'gdppc')) }} as gdp_per_capita,
    {{ to_double('pop') }} as population_thousands
from {{ source('raw', 'maddison') }}
