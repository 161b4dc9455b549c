{{ config(meta={'dagster': {'ref': {'name': 'countries', 'version': 1}}}) }}
select
    countries.cow_code,
    countries.state_name
from {{ ref('countries') }} as countries
left join {{ source('raw', 'cow_country_codes') }} as codes
    on countries.cow_code = cast(codes.ccode as integer)
where codes.ccode is null
