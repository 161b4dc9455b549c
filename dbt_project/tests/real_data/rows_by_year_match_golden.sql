{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
select
    golden.year,
    golden.state_years as expected,
    count(panel.year) as found
from {{ ref('golden_rows_by_year') }} as golden
full join {{ ref('country_years') }} as panel
    on golden.year = panel.year
group by golden.year, golden.state_years
having golden.state_years is distinct from count(panel.year)
