-- World Bank infant mortality (SP.DYN.IMRT.IN), one row per country or aggregate and year with a value.
with cells as (
    unpivot {{ source('raw', 'world_bank_infant_mortality') }}
    on columns('^[0-9]{4}$')
    into name year value rate
)

select
    "Country Code" as label,
    "Country Name" as country_name,
    {{ to_integer('year') }} as year,
    {{ to_double('rate') }} as rate
from cells
