-- Which state took part in which dispute, in which year and on which side, one row each, in the state's own years of
-- participation. Years in which the state is not in the system are left out (Canada in dispute 197, 1918 and 1919).
with participants as (
    select * from {{ ref('stg_cow__mid_participants') }}
),

spine as (
    select * from {{ ref('int_state_years') }}
),

participant_years as (
    select distinct
        dispute_number,
        cow_code,
        cast(unnest(range(start_year, end_year + 1)) as integer) as year,
        is_side_a
    from participants
)

select
    participant_years.dispute_number,
    participant_years.cow_code,
    participant_years.year,
    participant_years.is_side_a
from participant_years
inner join spine
    on participant_years.cow_code = spine.cow_code and participant_years.year = spine.year
