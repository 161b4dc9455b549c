{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
select
    panel.cow_code,
    panel.year,
    panel.imr_abouharb_kimball,
    published.imr
from {{ ref('country_years') }} as panel
left join {{ source('raw', 'allen_digiuseppe_2013') }} as published
    on panel.cow_code = cast(published.ccode as double) and panel.year = cast(published.year as double)
where panel.imr_abouharb_kimball is distinct from cast(published.imr as double)
