-- A state of the panel is not in COW's own list of country codes: the two files of the publisher no longer speak the same codes.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'countries'}}}) }}
select countries.cow_code, countries.state_name
from {{ ref('countries') }} as countries
left join {{ source('raw', 'cow_country_codes') }} as codes
    on countries.cow_code = cast(codes."CCode" as integer)
where codes."CCode" is null
