{%- set tolerance = 0.08 %}
select
    year,
    sum(cinc) as total
from {{ ref('country_years') }}
where cinc is not null
group by year
having abs(sum(cinc) - 1) > {{ tolerance }}
