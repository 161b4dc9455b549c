-- A row here is a pair of states that the Thompson-Dreyer list has as rivals after 1815 and the later list, as corrected, has not.
-- Two are known: Burma and Thailand (1816-1826), which the later list dropped, and the two Yemens, 679-680 there and 678-680 in the later.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'stg_thompson__rivalries_tss'}}}) }}
with corrections as (
    select record_number, published_code, cow_code
    from {{ ref('state_code_corrections') }}
    where source_table = 'rivalries_tss'
),

later as (
    select published_code_1 as code_1, published_code_2 as code_2
    from {{ ref('stg_thompson__rivalries_tss') }}
    union
    select
        coalesce(correction_1.cow_code, rivalry.published_code_1) as code_1,
        coalesce(correction_2.cow_code, rivalry.published_code_2) as code_2
    from {{ ref('stg_thompson__rivalries_tss') }} as rivalry
    left join corrections as correction_1
        on rivalry.rivalry_number = correction_1.record_number and rivalry.published_code_1 = correction_1.published_code
    left join corrections as correction_2
        on rivalry.rivalry_number = correction_2.record_number and rivalry.published_code_2 = correction_2.published_code
)

select earlier.*
from {{ ref('stg_thompson__rivalries_td') }} as earlier
anti join later
    on least(earlier.published_code_1, earlier.published_code_2) = least(later.code_1, later.code_2)
    and greatest(earlier.published_code_1, earlier.published_code_2) = greatest(later.code_1, later.code_2)
where
    earlier.end_year >= 1816
    and (least(earlier.published_code_1, earlier.published_code_2), greatest(earlier.published_code_1, earlier.published_code_2))
    not in ((775, 800), (679, 680))
