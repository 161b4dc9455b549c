-- Gapminder infant mortality, 2010 edition, one row per country and year with a value. Dashes and dots are missing
-- values.
with cells as (
    unpivot {{ source('raw', 'gapminder_infant_mortality_2010') }}
    on columns('^[0-9]{4}$')
    into name year value rate
)

select
    regexp_replace("Infant Mortality Rate", '\s+$', '') as label,
    {{ to_integer('year') }} as year,
    {{ to_double('rate') }} as rate
from cells
where rate not in ('-', '.')
