-- Disputes between two states, one row per ordered pair and year in which both took part in one on opposite sides.
-- A dispute starts for a pair in the first year they stand against each other in it.
{{ config(tags=['dyads']) }}
with encounters as (
    select distinct own.cow_code, opponent.cow_code as opponent_code, own.dispute_number, own.year
    from {{ ref('int_dispute_participation') }} as own
    inner join {{ ref('int_dispute_participation') }} as opponent
        on own.dispute_number = opponent.dispute_number
        and own.year = opponent.year
        and own.is_side_a <> opponent.is_side_a
        and own.cow_code <> opponent.cow_code
),

dated as (
    select *, min(year) over (partition by cow_code, opponent_code, dispute_number) as first_year
    from encounters
)

select
    cow_code,
    opponent_code,
    year,
    cast(count(*) as integer) as disputes_ongoing,
    cast(count(*) filter (where year = first_year) as integer) as disputes_started
from dated
group by cow_code, opponent_code, year
