-- The shares of all states in a year sum to one, but for states whose components are missing; a year here has lost or gained a large state.
select year, sum(cinc) as total
from {{ ref('country_years') }}
where cinc is not null
group by year
having abs(sum(cinc) - 1) > 0.08
