{{ config(meta={'dagster': {'ref': {'name': 'stg_selectorate__w4'}}}) }}
select
    max(coalition_size_w4) as largest,
    median(coalition_size_w4) as middle
from {{ ref('country_years') }}
having not (max(coalition_size_w4) >= 0.95 and median(coalition_size_w4) between 0.4 and 0.7)
