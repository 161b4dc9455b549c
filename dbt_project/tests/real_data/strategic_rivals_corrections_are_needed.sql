{{ config(meta={'dagster': {'ref': {'name': 'stg_thompson__rivalries_tss'}}}) }}
select
    correction.record_number,
    correction.published_code,
    correction.first_year,
    correction.last_year
from {{ ref('state_code_corrections') }} as correction
left join {{ ref('stg_thompson__rivalries_tss') }} as rivalry
    on correction.record_number = rivalry.rivalry_number
    and correction.published_code in (rivalry.published_code_1, rivalry.published_code_2)
    and correction.first_year between rivalry.start_year and rivalry.end_year
    and correction.last_year between rivalry.start_year and rivalry.end_year
where correction.source_table = 'rivalries_tss' and rivalry.rivalry_number is null
