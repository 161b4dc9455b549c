-- Maddison Project 2020, one row per country code and year. An income of exactly 0 (the Emirates in 1991 and 1992) is no observation.
select
    countrycode as country_label,
    {{ to_integer('year') }} as year,
    {{ to_double('gdppc', [0]) }} as gdp_per_capita,
    {{ to_double('pop') }} as population_thousands
from {{ source('raw', 'maddison') }}
