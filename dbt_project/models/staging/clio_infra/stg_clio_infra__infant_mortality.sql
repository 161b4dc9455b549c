-- Clio-Infra infant mortality, one row per country and decade.
select
    country as label,
    {{ to_integer('year') }} as year,
    {{ to_double('infant_mortality') }} as rate
from {{ source('raw', 'clio_infra_infant_mortality') }}
where infant_mortality is not null
