{{ config(meta={'dagster': {'ref': {'name': 'stg_world_bank__infant_mortality'}}}) }}
select distinct
    mappings.label,
    mappings.cow_code
from {{ ref('country_mappings') }} as mappings
inner join {{ source('raw', 'world_bank_countries') }} as countries
    on mappings.label = countries."Country Code"
where
    mappings.coding = 'world_bank'
    and mappings.cow_code is not null
    and countries.region is null
