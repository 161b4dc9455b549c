-- Failure: W4, a share from 0 to 1, has another scale: the largest value is below .95, or the median of the panel is
-- outside .4 to .7 (it is .57).
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'stg_selectorate__w4'}}}) }}
select
    max(coalition_size_w4) as largest,
    median(coalition_size_w4) as middle
from {{ ref('country_years') }}
having not (max(coalition_size_w4) >= 0.95 and median(coalition_size_w4) between 0.4 and 0.7)
