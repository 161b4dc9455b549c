-- A row here is a pair of states with the same imports and the same exports in one year: one total stands twice, as Belgium's and
-- Luxembourg's did from 1960 to 1996.
select one.cow_code, other.cow_code as other_code, one.year
from {{ ref('int_economy') }} as one
inner join {{ ref('int_economy') }} as other
    on one.year = other.year
    and one.cow_code < other.cow_code
    and one.imports_millions_usd = other.imports_millions_usd
    and one.exports_millions_usd = other.exports_millions_usd
