-- Rivalries by the procedure of Klein, Goertz and Diehl (2006), applied to all disputes of the data (1816-2014): one row per ordered pair of
-- rivals and year.
-- Two states are rivals from the first to the last of three or more disputes on opposite sides, none of which comes more than
-- 10 + n years after the one before, n being the disputes so far. Choices of ours where the procedure leaves room:
--   * both states must be in the dispute at the same time, by calendar year; the dispute then runs from their first common year to the last;
--   * the gap is counted from the end of the latest dispute so far to the start of the next one;
--   * the gap allowed is at most 15 years (11 after one dispute, 15 from the fifth on); capping n itself at 15 fits the published counts worse;
--   * the rivalry lasts to the end of the last dispute, and counts only in years in which both states are in the system.
-- The rule looks back with hindsight: a rivalry counts from its first dispute, and the last fifteen years before the data end are
-- undercounted, because the next dispute may be yet to come.
with recursive encounters as (
    select
        one.cow_code as code_1,
        other.cow_code as code_2,
        one.dispute_number,
        min(greatest(one.start_year, other.start_year)) as start_year,
        max(least(one.end_year, other.end_year)) as end_year
    from {{ ref('stg_cow__mid_participants') }} as one
    inner join {{ ref('stg_cow__mid_participants') }} as other
        on one.dispute_number = other.dispute_number
        and one.is_side_a <> other.is_side_a
        and one.cow_code < other.cow_code
        and one.start_year <= other.end_year
        and other.start_year <= one.end_year
    group by one.cow_code, other.cow_code, one.dispute_number
),

-- Fewer than three disputes can never make a rivalry.
sequences as (
    select
        code_1,
        code_2,
        start_year,
        end_year,
        row_number() over history as position,
        max(end_year) over (history rows between unbounded preceding and 1 preceding) as previous_end_year
    from encounters
    window history as (partition by code_1, code_2 order by start_year, end_year, dispute_number)
    qualify count(*) over (partition by code_1, code_2) >= 3
),

-- One dispute after the other: does it carry the pair's present sequence on, or begin a new one?
linked as (
    select code_1, code_2, position, end_year, start_year as sequence_start_year, 1 as disputes_so_far
    from sequences
    where position = 1

    union all

    select
        next.code_1,
        next.code_2,
        next.position,
        next.end_year,
        case
            when next.start_year - next.previous_end_year <= least(10 + linked.disputes_so_far, 15) then linked.sequence_start_year
            else next.start_year
        end as sequence_start_year,
        case
            when next.start_year - next.previous_end_year <= least(10 + linked.disputes_so_far, 15) then linked.disputes_so_far + 1
            else 1
        end as disputes_so_far
    from linked
    inner join sequences as next
        on linked.code_1 = next.code_1 and linked.code_2 = next.code_2 and linked.position + 1 = next.position
),

rivalries as (
    select code_1, code_2, sequence_start_year as start_year, max(end_year) as end_year
    from linked
    group by code_1, code_2, sequence_start_year
    having count(*) >= 3
),

rivalry_years as (
    select code_1, code_2, cast(unnest(range(start_year, end_year + 1)) as integer) as year
    from rivalries
),

directed as (
    select code_1 as cow_code, code_2 as rival_code, year from rivalry_years
    union all
    select code_2 as cow_code, code_1 as rival_code, year from rivalry_years
)

-- Semi-joins, because joins would lead DuckDB to pair all states of a year with each other first.
select cow_code, rival_code, year
from directed
where
    (cow_code, year) in (select cow_code, year from {{ ref('int_state_years') }})
    and (rival_code, year) in (select cow_code, year from {{ ref('int_state_years') }})
