-- Land borders, one row per ordered pair of states and year in which they share one for any part of the year.
{%- set land_border_class = 1 %}
select
    cow_code,
    partner_code,
    year
from {{ ref('stg_cow__direct_contiguity') }}
where contiguity_class = {{ land_border_class }}
