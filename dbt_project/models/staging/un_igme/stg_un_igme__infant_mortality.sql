-- UN IGME infant mortality (2021), one row per country or region and year with a value. Published as deaths per 100
-- births with two decimals; times ten they are rounded to 0.1 per 1,000, so that many yearly changes are exactly 0.
select
    "Entity" as label,
    {{ to_integer('"Year"') }} as year,
    round({{ to_double('"Infant mortality rate"') }} * 10, 1) as rate
from {{ source('raw', 'un_igme_mortality') }}
where "Infant mortality rate" is not null
