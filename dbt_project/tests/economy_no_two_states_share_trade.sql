-- Failure: two states have the same imports and the same exports in one year, so that one total counts twice, as that
-- of Belgium and Luxembourg did from 1960 to 1996.
select
    one.cow_code,
    another.cow_code as other_code,
    one.year
from {{ ref('int_economy') }} as one
inner join {{ ref('int_economy') }} as another
    on one.year = another.year
    and one.cow_code < another.cow_code
    and one.imports_millions_usd = another.imports_millions_usd
    and one.exports_millions_usd = another.exports_millions_usd
