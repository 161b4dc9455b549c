{# Raw columns are text. These macros turn one into a number, and a publisher's missing codes into NULL. They stop the
   build on any other text, because a silent NULL would be read as "not observed". #}

{% macro to_double(column, missing=[]) -%}
    case
        when {{ column }} is null then null
        {% if missing %}
        when cast({{ column }} as double) in ({{ missing | join(', ') }}) then null
        {% endif %}
        when isfinite(cast({{ column }} as double)) then cast({{ column }} as double)
        else error('not a finite number in {{ column | replace("'", "") }}: ' || {{ column }})
    end
{%- endmacro %}

{% macro to_integer(column, missing=[]) -%}
    case
        when {{ column }} is null then null
        {% if missing %}
        when cast({{ column }} as double) in ({{ missing | join(', ') }}) then null
        {% endif %}
        when cast({{ column }} as double) = cast(cast({{ column }} as double) as integer)
            then cast(cast({{ column }} as double) as integer)
        else error('not a whole number in {{ column | replace("'", "") }}: ' || {{ column }})
    end
{%- endmacro %}

{# A published 0/1 column as a boolean; any other number stops the build. #}
{% macro to_boolean(column, missing=[]) -%}
    case
        when {{ to_integer(column, missing) }} is null then null
        when cast({{ column }} as double) in (0, 1) then cast({{ column }} as double) = 1
        else error('neither 0 nor 1 in {{ column | replace("'", "") }}: ' || {{ column }})
    end
{%- endmacro %}
