<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- A letter on a request: what it says follows from the state of the request. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:letter"/></xsl:template>

  <xsl:template match="d:letter">
    <xsl:variable name="what"><xsl:choose><xsl:when test="d:request/d:state != 'closed'"><xsl:choose><xsl:when test="d:request/d:state = 'deferred'">deferred</xsl:when><xsl:otherwise>received</xsl:otherwise></xsl:choose></xsl:when><xsl:otherwise><xsl:value-of select="d:request/d:result"/></xsl:otherwise></xsl:choose></xsl:variable>
    <xsl:variable name="title"><xsl:call-template name="label"><xsl:with-param name="id" select="concat('letter-', $what)"/></xsl:call-template></xsl:variable>
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="$title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="$title"/></h1>
        <p><xsl:call-template name="label"><xsl:with-param name="id" select="concat('text-', $what)"/></xsl:call-template></p>
        <table><tbody>
        <xsl:call-template name="row"><xsl:with-param name="label">controller</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:controller/d:name"/><xsl:if test="d:controller/d:bin">, <xsl:call-template name="label"><xsl:with-param name="id">bin</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:controller/d:bin"/></xsl:if></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">subject</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:subject"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">request</xsl:with-param><xsl:with-param name="value">№&#xA0;<xsl:value-of select="d:request/d:number"/>, <xsl:value-of select="d:request/d:id"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">kind</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="word"><xsl:with-param name="kind">request</xsl:with-param><xsl:with-param name="id" select="d:request/d:kind"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">categories</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="words"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="of" select="d:request/d:categories/d:item"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">channel</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="word"><xsl:with-param name="kind">channel</xsl:with-param><xsl:with-param name="id" select="d:request/d:channel"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">at</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:request/d:at"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:if test="d:request/d:state != 'closed'">
        <xsl:call-template name="row"><xsl:with-param name="label">due</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:request/d:due"/></xsl:call-template></xsl:with-param></xsl:call-template>
        </xsl:if>
        <xsl:call-template name="row"><xsl:with-param name="label">closed</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:request/d:closed"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:if test="d:request/d:refusal">
        <xsl:call-template name="row"><xsl:with-param name="label">refusal</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="word"><xsl:with-param name="kind">reason</xsl:with-param><xsl:with-param name="id" select="d:request/d:refusal"/></xsl:call-template></xsl:with-param></xsl:call-template>
        </xsl:if>
        <xsl:call-template name="row"><xsl:with-param name="label">by-clause</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="list"><xsl:with-param name="of" select="d:request/d:clauses/d:item"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:if test="d:stopped">
        <xsl:call-template name="row"><xsl:with-param name="label">stopped</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:stopped"/></xsl:call-template>, <xsl:call-template name="list"><xsl:with-param name="of" select="d:stopped_by/d:item"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">due</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:due"/></xsl:call-template></xsl:with-param></xsl:call-template>
        </xsl:if>
        <xsl:if test="d:receipt">
        <xsl:call-template name="row"><xsl:with-param name="label">receipt</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:receipt"/></xsl:with-param></xsl:call-template>
        </xsl:if>
        <xsl:call-template name="row"><xsl:with-param name="label">made</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:made"/></xsl:call-template>, <xsl:value-of select="d:made_by"/></xsl:with-param></xsl:call-template>
        </tbody></table>
        <xsl:if test="d:receipt"><p><xsl:call-template name="label"><xsl:with-param name="id">receipt-note</xsl:with-param></xsl:call-template></p></xsl:if>
        <xsl:if test="d:stays">
          <xsl:call-template name="register"><xsl:with-param name="title">stays</xsl:with-param><xsl:with-param name="columns">no category kept-until by-clause</xsl:with-param><xsl:with-param name="rows" select="d:stays/d:item"/></xsl:call-template>
        </xsl:if>
        <xsl:call-template name="clauses"/>
        <p class="small"><xsl:call-template name="label"><xsl:with-param name="id">appeal</xsl:with-param></xsl:call-template></p>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="d:stays/d:item" mode="row">
    <tr>
      <td><xsl:value-of select="d:number"/></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="id" select="d:category"/></xsl:call-template></td>
      <td><xsl:choose>
        <xsl:when test="d:kept_at_least_until"><xsl:call-template name="day"><xsl:with-param name="of" select="d:kept_at_least_until"/></xsl:call-template></xsl:when>
        <xsl:when test="d:kept_until"><xsl:call-template name="day"><xsl:with-param name="of" select="d:kept_until"/></xsl:call-template></xsl:when>
        <xsl:otherwise><xsl:call-template name="label"><xsl:with-param name="id">no-term</xsl:with-param></xsl:call-template></xsl:otherwise>
      </xsl:choose></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:kept_at_least_by/d:item | d:kept_until_by/d:item | d:held_by/d:item"/></xsl:call-template></td>
    </tr>
  </xsl:template>
</xsl:stylesheet>
