-- Which state took part in which dispute, in which year, on which side: one row each, in the state's own years of participation.
-- Years in which the state is not in the system are left out (Canada in dispute 197, 1918 and 1919).
with years as (
    select distinct
        dispute_number,
        cow_code,
        cast(unnest(range(start_year, end_year + 1)) as integer) as year,
        is_side_a
    from {{ ref('stg_cow__mid_participants') }}
)

select years.dispute_number, years.cow_code, years.year, years.is_side_a
from years
inner join {{ ref('int_state_years') }} as spine
    on years.cow_code = spine.cow_code and years.year = spine.year
