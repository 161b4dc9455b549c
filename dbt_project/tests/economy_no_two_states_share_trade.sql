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
