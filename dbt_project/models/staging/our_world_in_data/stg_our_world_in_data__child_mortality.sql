-- Under-five mortality, Gapminder (2015) as published by Our World in Data, one row per country and year with a value.
select
    "Entity" as label,
    {{ to_integer('"Year"') }} as year,
    {{ to_double('"Child mortality estimates (Gapminder (2015))"') }} as rate
from {{ source('raw', 'child_mortality') }}
where "Child mortality estimates (Gapminder (2015))" is not null
