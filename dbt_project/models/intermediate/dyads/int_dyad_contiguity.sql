-- The closest class of direct contiguity, one row per ordered pair and year in which the two are contiguous.
{{ config(materialized='ephemeral') }}
with direct_contiguity as (
    select * from {{ ref('stg_cow__direct_contiguity') }}
)

select
    cow_code,
    partner_code,
    year,
    min(contiguity_class) as contiguity_class
from direct_contiguity
group by cow_code, partner_code, year
