-- Strategic rivalries by the list of Thompson, Sakuwa and Suhas, up to the list's last year (2020): one row per ordered pair and year.
-- Choice of ours: a rival counts only in years in which it is itself in the system, so Austria-Hungary is nobody's rival after 1918
-- although the list runs on to 1920, and China is none before 1860. State codes that contradict the rivalry's own name are corrected
-- first, each by a row of seeds/state_code_corrections.csv. Two rivalries between the same states in one year count once.
with published as (
    select rivalry_number, published_code_1, published_code_2, cast(unnest(range(start_year, end_year + 1)) as integer) as year
    from {{ ref('stg_thompson__rivalries_tss') }}
),

corrections as (
    select record_number, published_code, first_year, last_year, cow_code
    from {{ ref('state_code_corrections') }}
    where source_table = 'rivalries_tss'
),

rivalry_years as (
    select
        published.year,
        coalesce(correction_1.cow_code, published.published_code_1) as code_1,
        coalesce(correction_2.cow_code, published.published_code_2) as code_2
    from published
    left join corrections as correction_1
        on published.rivalry_number = correction_1.record_number
        and published.published_code_1 = correction_1.published_code
        and published.year between correction_1.first_year and correction_1.last_year
    left join corrections as correction_2
        on published.rivalry_number = correction_2.record_number
        and published.published_code_2 = correction_2.published_code
        and published.year between correction_2.first_year and correction_2.last_year
),

directed as (
    select code_1 as cow_code, code_2 as rival_code, year from rivalry_years
    union
    select code_2 as cow_code, code_1 as rival_code, year from rivalry_years
)

select directed.cow_code, directed.rival_code, directed.year
from directed
inner join {{ ref('int_state_years') }} as state
    on directed.cow_code = state.cow_code and directed.year = state.year
inner join {{ ref('int_state_years') }} as rival
    on directed.rival_code = rival.cow_code and directed.year = rival.year
