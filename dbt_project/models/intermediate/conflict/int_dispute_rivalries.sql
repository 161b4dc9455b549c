-- Rivalries by the procedure of Klein, Goertz and Diehl (2006), applied to all disputes of the data (1816-2014): one
-- row per ordered pair of rivals and year.
-- Two states are rivals from the first to the last of three or more disputes on opposite sides, none of which starts
-- more than 10 + n years after the previous one, where n is the number of disputes so far. Our choices where the
-- procedure leaves room:
--   * both states must be in the dispute at the same time, by calendar year; the dispute then runs from their first
--     common year to the last;
--   * the gap is counted from the end of the latest dispute so far to the start of the next one;
--   * the gap is at most 15 years (11 after one dispute, 15 from the fifth on); a cap of 15 on n fits the published
--     counts worse;
--   * the rivalry lasts to the end of the last dispute, and counts only in years in which both states are in the
--     system.
-- The rule uses later disputes: a rivalry counts from its first dispute, and the last fifteen years before the end of
-- the data are undercounted, because the next dispute may still follow.
{%- set min_disputes = 3 %}
{%- set base_gap_years = 10 %}
{%- set max_gap_years = 15 %}
with recursive participants as (
    select * from {{ ref('stg_cow__mid_participants') }}
),

spine as (
    select
        cow_code,
        year
    from {{ ref('int_state_years') }}
),

encounters as (
    select
        one.cow_code as code_1,
        other.cow_code as code_2,
        one.dispute_number,
        min(greatest(one.start_year, other.start_year)) as start_year,
        max(least(one.end_year, other.end_year)) as end_year
    from participants as one
    inner join participants as other
        on one.dispute_number = other.dispute_number
        and one.is_side_a <> other.is_side_a
        and one.cow_code < other.cow_code
        and one.start_year <= other.end_year
        and one.end_year >= other.start_year
    group by one.cow_code, other.cow_code, one.dispute_number
),

-- A pair with fewer disputes can have no rivalry.
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
    qualify count(*) over (partition by code_1, code_2) >= {{ min_disputes }}
),

-- Each dispute either continues the current sequence of the pair or starts a new one.
{%- set continues_sequence -%}
next.start_year - next.previous_end_year <= least({{ base_gap_years }} + linked.disputes_so_far, {{ max_gap_years }})
{%- endset %}
linked as (
    select
        code_1,
        code_2,
        position,
        end_year,
        start_year as sequence_start_year,
        1 as disputes_so_far
    from sequences
    where position = 1

    union all

    select
        next.code_1,
        next.code_2,
        next.position,
        next.end_year,
        case
            when {{ continues_sequence }}
                then linked.sequence_start_year
            else next.start_year
        end as sequence_start_year,
        case
            when {{ continues_sequence }}
                then linked.disputes_so_far + 1
            else 1
        end as disputes_so_far
    from linked
    inner join sequences as next
        on linked.code_1 = next.code_1 and linked.code_2 = next.code_2 and linked.position + 1 = next.position
),

rivalries as (
    select
        code_1,
        code_2,
        sequence_start_year as start_year,
        max(end_year) as end_year
    from linked
    group by code_1, code_2, sequence_start_year
    having count(*) >= {{ min_disputes }}
),

rivalry_years as (
    select
        code_1,
        code_2,
        cast(unnest(range(start_year, end_year + 1)) as integer) as year
    from rivalries
),

directed as (
    select
        code_1 as cow_code,
        code_2 as partner_code,
        year
    from rivalry_years
    union all
    select
        code_2 as cow_code,
        code_1 as partner_code,
        year
    from rivalry_years
)

-- Semi-joins by IN, because with joins DuckDB pairs all states of a year with each other first.
select
    cow_code,
    partner_code,
    year
from directed
where
    (cow_code, year) in (
        select
            spine.cow_code,
            spine.year
        from spine
    )
    and (partner_code, year) in (
        select
            spine.cow_code,
            spine.year
        from spine
    )
