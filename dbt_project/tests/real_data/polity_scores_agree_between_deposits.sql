{{ config(meta={'dagster': {'ref': {'name': 'stg_polity5__country_years'}}}) }}
{%- set min_share = 0.915 %}
{%- set min_correlation = 0.985 %}
with polity as (
    select * from {{ ref('stg_polity5__country_years') }}
),

deposit as (
    select
        ccode as label,
        {{ to_integer('year') }} as year,
        {{ to_double('polity2') }} as polity2
    from {{ source('raw', 'selectorate_deposit') }}
),

compared as (
    select
        count(*) as country_years,
        avg(cast(polity.polity2 = deposit.polity2 as integer)) as share_equal,
        corr(polity.polity2, deposit.polity2) as correlation
    from polity
    inner join deposit
        on polity.label = deposit.label and polity.year = deposit.year
    where polity.polity2 is not null and deposit.polity2 is not null
)

select *
from compared
where not (share_equal >= {{ min_share }} and correlation >= {{ min_correlation }})
