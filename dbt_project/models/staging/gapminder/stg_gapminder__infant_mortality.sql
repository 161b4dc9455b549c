-- Gapminder infant mortality, 2015 edition, one row per country and year with a value. Dashes and dots are missing
-- values.
with cells as (
    unpivot {{ source('raw', 'gapminder_infant_mortality') }}
    on columns('^[0-9]{4}$')
    into name year value rate
)

select
    regexp_replace("Infant mortality rate", '\s+$', '') as label,
    {{ to_integer('year') }} as year,
    {{ to_double('rate') }} as rate
from cells
where rate not in ('-', '.')
