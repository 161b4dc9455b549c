-- Failure: the capability shares of all states in a year do not sum to one, within the tolerance for states whose
-- components are missing. The year has lost or gained a large state.
{%- set tolerance = 0.08 %}
select
    year,
    sum(cinc) as total
from {{ ref('country_years') }}
where cinc is not null
group by year
having abs(sum(cinc) - 1) > {{ tolerance }}
