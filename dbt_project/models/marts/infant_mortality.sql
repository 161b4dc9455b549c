-- Every infant mortality rate of a state in the system, one row per state, year and source.
select
    cow_code,
    year,
    source,
    rate,
    change_1y,
    change_3y,
    change_5y,
    is_preferred,
    is_flat_run,
    is_linear_run,
    is_isolated_value,
    is_decadal_interpolation
from {{ ref('int_infant_mortality') }}
order by cow_code, year, source
