-- Strategic rivalries by the list of Thompson, Sakuwa and Suhas, up to the last year of the list (2020): one row per
-- ordered pair and year. Our choice: a pair counts only in years in which both states are in the system.
-- Austria-Hungary therefore has no rival after 1918, although the list continues to 1920, and China has none before
-- 1860. State codes that contradict the name of the rivalry are corrected first, each by a row of
-- seeds/state_code_corrections.csv. Two rivalries of the same pair in one year count once.
with rivalries as (
    select * from {{ ref('stg_thompson__rivalries_tss') }}
),

corrections as (
    select * from {{ ref('state_code_corrections') }}
    where source_table = 'rivalries_tss'
),

spine as (
    select * from {{ ref('int_state_years') }}
),

published as (
    select
        rivalry_number,
        published_code_1,
        published_code_2,
        cast(unnest(range(start_year, end_year + 1)) as integer) as year
    from rivalries
),

rivalry_years as (
    select
        published.year,
        coalesce(correction_1.cow_code, published.published_code_1) as code_1,
        coalesce(correction_2.cow_code, published.published_code_2) as code_2
    from published
    {% for side in [1, 2] %}
    left join corrections as correction_{{ side }}
        on published.rivalry_number = correction_{{ side }}.record_number
        and published.published_code_{{ side }} = correction_{{ side }}.published_code
        and published.year between correction_{{ side }}.first_year and correction_{{ side }}.last_year
    {% endfor %}
),

directed as (
    select
        code_1 as cow_code,
        code_2 as partner_code,
        year
    from rivalry_years
    union
    select
        code_2 as cow_code,
        code_1 as partner_code,
        year
    from rivalry_years
)

select
    directed.cow_code,
    directed.partner_code,
    directed.year
from directed
inner join spine as state
    on directed.cow_code = state.cow_code and directed.year = state.year
inner join spine as partner
    on directed.partner_code = partner.cow_code and directed.year = partner.year
