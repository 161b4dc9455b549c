{{ config(meta={'dagster': {'ref': {'name': 'stg_thompson__rivalries_tss'}}}) }}
{%- set first_year = 1816 %}
with rivalries as (
    select * from {{ ref('stg_thompson__rivalries_tss') }}
),

corrections as (
    select
        record_number,
        published_code,
        cow_code
    from {{ ref('state_code_corrections') }}
    where source_table = 'rivalries_tss'
),

pairs as (
    select
        published_code_1 as code_1,
        published_code_2 as code_2
    from rivalries
    union
    select
        coalesce(correction_1.cow_code, rivalries.published_code_1) as code_1,
        coalesce(correction_2.cow_code, rivalries.published_code_2) as code_2
    from rivalries
    {% for side in [1, 2] %}
    left join corrections as correction_{{ side }}
        on rivalries.rivalry_number = correction_{{ side }}.record_number
        and rivalries.published_code_{{ side }} = correction_{{ side }}.published_code
    {% endfor %}
),

later as (
    select distinct
        least(code_1, code_2) as lower_code,
        greatest(code_1, code_2) as higher_code
    from pairs
),

earlier as (
    select
        rivalry_number,
        rivalry_name,
        least(published_code_1, published_code_2) as lower_code,
        greatest(published_code_1, published_code_2) as higher_code
    from {{ ref('stg_thompson__rivalries_td') }}
    where end_year >= {{ first_year }}
)

select
    earlier.rivalry_number,
    earlier.rivalry_name,
    earlier.lower_code,
    earlier.higher_code
from earlier
anti join later
    on earlier.lower_code = later.lower_code and earlier.higher_code = later.higher_code
where (earlier.lower_code, earlier.higher_code) not in ((775, 800), (679, 680))
