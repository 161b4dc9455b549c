-- Disputes between two states, one row per ordered pair and year in which both took part in one on opposite sides.
-- A dispute starts for a pair in the first year in which the two are on opposite sides of it.
with participation as (
    select * from {{ ref('int_dispute_participation') }}
),

encounters as (
    select distinct
        own.cow_code,
        partner.cow_code as partner_code,
        own.dispute_number,
        own.year
    from participation as own
    inner join participation as partner
        on own.dispute_number = partner.dispute_number
        and own.year = partner.year
        and own.is_side_a <> partner.is_side_a
        and own.cow_code <> partner.cow_code
),

dated as (
    select
        *,
        min(year) over (partition by cow_code, partner_code, dispute_number) as first_year
    from encounters
)

select
    cow_code,
    partner_code,
    year,
    cast(count(*) as integer) as disputes_ongoing,
    cast(count(*) filter (where year = first_year) as integer) as disputes_started
from dated
group by cow_code, partner_code, year
