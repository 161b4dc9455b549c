// Queries to start from.

export const EXAMPLES: { title: string; query: string }[] = [
  {
    title: "Alliance formation by decade",
    query: `select year // 10 * 10 as decade, count(forms_any_alliance) as state_years,
       round(100 * avg(forms_military_alliance::int), 1) as military,
       round(100 * avg(forms_defense_alliance::int), 1) as defense,
       round(100 * avg(forms_nonaggression_alliance::int), 1) as nonaggression
from country_years
where year between 1930 and 1999
group by decade
order by decade`,
  },
  {
    title: "Infant mortality of three states",
    query: `select year,
       any_value(infant_mortality_rate) filter (state_abbreviation = 'UKG') as britain,
       any_value(infant_mortality_rate) filter (state_abbreviation = 'JPN') as japan,
       any_value(infant_mortality_rate) filter (state_abbreviation = 'CHL') as chile
from country_years
where year in (1870, 1900, 1930, 1960, 1990)
group by year
order by year`,
  },
  {
    title: "The treaties of one state",
    query: `select atop_id, entry_date, exit_date, has_defense, has_nonaggression, has_consultation
from alliance_entries
join countries using (cow_code)
where state_name = 'Chile'
order by entry_date`,
  },
  {
    title: "The headline term under each covariance",
    query: `select covariance, estimate, std_error, p_value
from coefficients
where model = 'kimball_2010/t1_m2a' and term = 'infant_mortality_rose'
order by p_value, covariance`,
  },
  {
    title: "Where a column comes from",
    query: `select column_name, columns.source, file, version, sha256
from columns
join sources on list_contains(string_split(source_records, ', '), sources.source)
where table_name = 'country_years' and column_name = 'cinc'`,
  },
];
